"""Draw an account's picture from its id and name alone, so that the page fetches nothing from anywhere."""

from __future__ import annotations

import colorsys
import hashlib
from html import escape

from sandbox.models import User


def draw(user: User) -> str:
    """Draw an SVG: two colours and the initials for a person, a face for a bot."""
    seed = hashlib.sha256(str(user.id).encode()).digest()
    hue = int.from_bytes(seed[:2], "big") / 65536
    dark, light = _colour(hue, 0.34), _colour((hue + 0.06) % 1, 0.44)
    turn = seed[2] * 360 // 256
    inside = _FACE if user.type == "Bot" else _initials(user)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
        f'<rect width="40" height="40" fill="{dark}"/>'
        f'<path d="M-20 20h80v60h-80z" fill="{light}" transform="rotate({turn} 20 20)"/>'
        f"{inside}</svg>"
    )


_FACE = (
    '<g fill="#fff"><rect x="9" y="14" width="22" height="16" rx="5"/><path d="M19 8h2v6h-2z"/>'
    '<circle cx="20" cy="8" r="2.200"/></g>'
    '<g fill="#333"><circle cx="15.500" cy="21" r="2"/><circle cx="24.500" cy="21" r="2"/>'
    '<path d="M15 25.500h10v1.500h-10z"/></g>'
)


def _initials(user: User) -> str:
    parts = [part for part in user.login.replace("_", "-").split("-") if part] or ["?"]
    letters = parts[0][0] + parts[1][0] if len(parts) > 1 else parts[0][:2]
    return (
        '<text x="20" y="20.500" fill="#fff" font-family="sans-serif" font-size="15" font-weight="600" '
        f'text-anchor="middle" dominant-baseline="central">{escape(letters.upper())}</text>'
    )


def _colour(hue: float, lightness: float) -> str:
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.5)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
