"""`borgcfg lsp`: the language server, between an editor on stdio and what `borgpy.bcl.editing` knows."""
