"""``python -m foedera``."""

from foedera.cli import main

main()
