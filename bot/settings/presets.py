"""Short names for well-known model endpoints, so that nobody has to look an address up; model names are the user's.

A preset is an address and nothing else: what an endpoint refuses or limits is learned from its own answers
(`bot.core.endpoints`), so that a preset cannot go stale in a way that hurts, and any other address works as well.
"""

from __future__ import annotations

PRESETS = {
    "cerebras": "https://api.cerebras.ai/v1",
    "groq": "https://api.groq.com/openai/v1",
    "ollama": "http://localhost:11434/v1",
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "sambanova": "https://api.sambanova.ai/v1",
    "vllm": "http://localhost:8000/v1",
}
"""The base URL of each, from the providers' own documentation; the two local ones at their default port."""
