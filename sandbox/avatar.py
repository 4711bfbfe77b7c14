"""An account's picture, drawn from its id and name alone, so that the page fetches nothing from anywhere."""

from __future__ import annotations

import colorsys
import hashlib

from sandbox.models import User


def picture_values(user: User) -> dict[str, object]:
    """Return what the picture's template draws: two colours and the initials for a person, a face for a bot."""
    seed = hashlib.sha256(str(user.id).encode()).digest()
    hue = int.from_bytes(seed[:2], "big") / 65536
    return {
        "dark": _colour(hue, 0.34),
        "light": _colour((hue + 0.06) % 1, 0.44),
        "turn": seed[2] * 360 // 256,
        "letters": None if user.type == "Bot" else _initials(user),
    }


def _initials(user: User) -> str:
    parts = [part for part in user.login.replace("_", "-").split("-") if part] or ["?"]
    letters = parts[0][0] + parts[1][0] if len(parts) > 1 else parts[0][:2]
    return letters.upper()


def _colour(hue: float, lightness: float) -> str:
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.5)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
