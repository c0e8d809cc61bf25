"""The page pass of mkdocs-material's privacy plugin, with every external file cached.

Calls what the plugin calls for each page, `on_post_page`; downloads are answered from memory, so
that only its work on pages is measured. `a` and `img` elements are its job too, and cost it time.
"""
import sys
from pathlib import Path
from types import SimpleNamespace

from material.plugins.privacy.plugin import PrivacyPlugin
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

root = Path(sys.argv[1]).resolve()
config = MkDocsConfig()
config.load_dict({
    "site_name": "x", "docs_dir": str(root), "site_dir": str(root.parent / "privacy-site"),
    "site_url": "https://site.invalid/",
})
config.validate()
plugin = PrivacyPlugin()
plugin.load_config({"cache_dir": str(root.parent / "privacy-cache"), "links": False})
plugin.on_config(config)


def cached(url, _config, concurrent=False):
    path = "assets/external/" + url.netloc + url.path
    file = plugin.assets.get_file_from_path(path)
    if not file:
        file = File(path, str(root), str(root), False)
        plugin.assets.append(file)
    return file


plugin._queue = cached
failed = 0
for page in root.rglob("*.html"):
    text = page.read_bytes().decode("utf-8", "surrogateescape")
    file = File(str(page.relative_to(root)), str(root), str(root), False)
    try:
        new = plugin.on_post_page(text, page=SimpleNamespace(file=file), config=config)
    except Exception:  # its XML parser gives up on some tags of real pages
        failed += 1
        continue
    page.write_bytes(new.encode("utf-8", "surrogateescape"))
print(f"{failed} pages failed", file=sys.stderr)
