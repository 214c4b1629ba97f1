"""The Hermes home: its profiles, their settings, their keys and key pools."""
