"""A petition for programs: JSON, CSV, feed, badge, chart, oEmbed, and the OpenAPI document."""
