"""What people write or install instead, for as far as it can be set up here."""
import shutil
import subprocess
import sys
from pathlib import Path

from measure import run

HERE = Path(__file__).resolve().parent.parent / "peers"
NODE = ["cheerio@1", "parse5-html-rewriting-stream@7"]
PYTHON = ["mkdocs-material", "lxml"]


def python_regex(site):
    return [sys.executable, HERE / "regex.py", site]


def node(work, site):
    """The scripts with cheerio and with parse5, or nothing without npm."""
    folder = work / "node"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if not (folder / "node_modules").exists():
            run("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--prefix", folder, *NODE)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"Node's peers are left out: {error}", file=sys.stderr)
        return {}
    for name in ("cheerio.mjs", "parse5.mjs"):
        shutil.copy(HERE / name, folder / name)
    return {
        "Node with cheerio": ["node", folder / "cheerio.mjs", site],
        "Node with parse5's rewriting stream": ["node", folder / "parse5.mjs", site],
    }


def privacy_plugin(work, site):
    """The page pass of mkdocs-material's privacy plugin, or nothing without pip."""
    folder = work / "python"
    try:
        if not folder.exists():
            run(sys.executable, "-m", "venv", folder)
            run(folder / "bin" / "pip", "install", "-q", *PYTHON)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"the privacy plugin is left out: {error}", file=sys.stderr)
        return {}
    return {"mkdocs-material's privacy plugin": [folder / "bin" / "python", HERE / "privacy.py", site]}


def versions(work):
    """What they are, for the record."""
    found = [("Python", sys.version.split()[0])]
    modules = work / "node" / "node_modules"
    if modules.exists():
        names = ("cheerio", "parse5-html-rewriting-stream")
        version = "JSON.parse(fs.readFileSync(`${name}/package.json`)).version"
        script = f"for (const name of {list(names)}) console.log({version})"
        said = lambda *command: subprocess.run(command, cwd=modules, capture_output=True, text=True).stdout.split()
        found += zip(("Node", *names), said("node", "--version") + said("node", "-e", script))
    packages = (work / "python").glob("lib/python*/site-packages/mkdocs_material-*.dist-info")
    found += [("mkdocs-material", path.name.removesuffix(".dist-info").split("-")[-1]) for path in packages]
    return [f"{name} {version}" for name, version in found]
