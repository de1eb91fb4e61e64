"""Gates: from records and a policy to a decision. Pure; the plugin applies it."""
