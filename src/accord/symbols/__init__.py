"""What a file of code is made of: its symbols in their normal form, read with tree-sitter."""
