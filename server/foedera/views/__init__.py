"""Other ways to look at an answer: what each needs, and where its marks stand."""
