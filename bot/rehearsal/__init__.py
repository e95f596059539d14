"""A stage with a stand-in GitHub and a stand-in model, for `draftgate demo` and for the tests.

It knows nothing of the bot.
"""
