"""Serve SA Merge Explorer: read checkpoints.yaml, build the page, launch it, load the models behind it.

Also the entry point of the Hugging Face Space. ``python app.py --help`` lists the options.
"""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

# Before gradio is imported: a page about children's speech tells nobody that it is running.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
from gradio.utils import get_space

from explorer.config_file import read_config
from explorer.corpora.manifest import read_manifest
from explorer.errors import ConfigError, CorpusError, ExplorerError
from explorer.heap import keep_freed_memory
from explorer.shipped import SHIPPED_FILE, read_shipped
from explorer.ui.opening import Opening
from explorer.ui.page import build_page, page_head
from explorer.ui.pushing import Logins
from explorer.ui.saved import SavedFiles
from explorer.ui.serving import routes
from explorer.ui.shelf import Shelf
from explorer.ui.zero_gpu import zero_gpu

HERE = Path(__file__).parent
MAX_UPLOAD = "100mb"
MAX_WAITING = 64
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def main() -> int:
    """Run the server until it is interrupted; 2 for a mistake in the configuration or the options."""
    options = _options()
    keep_freed_memory()
    try:
        config = read_config(options.config)
        samples = {}
        for corpus in config.corpora[:1]:
            if corpus.path is None:
                raise ConfigError(f"{config.path.name}: the first of corpora is the sample clips; give it a path.")
            samples = {utterance.id: utterance for utterance in read_manifest(corpus.path).utterances}
        # Folders of this machine, and its login, are for the person sitting at it; folders for others if they say so.
        own = options.host in LOOPBACK and not options.share and get_space() is None
        serve_folders = options.serve_corpora or own
        config = replace(config, own_places=serve_folders)
        # On ZeroGPU this process never has a GPU, whatever torch says there.
        elsewhere = zero_gpu()
        device = options.device if elsewhere is None else "cpu"
        opening = Opening(config, device, own_places=serve_folders, elsewhere=elsewhere)
        shelf, saved = Shelf(), SavedFiles()
        shipped = read_shipped(HERE / "assets" / SHIPPED_FILE, config, samples.values())
        logins: Logins = "machine" if own else "visitor" if _signs_in() else "none"
        demo = build_page(config, opening, samples, shelf, saved, shipped, serve_folders=serve_folders, logins=logins)
    except (ExplorerError, CorpusError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    demo.queue(max_size=MAX_WAITING, api_open=False)
    try:
        served, _, _ = demo.launch(
            server_name=options.host,
            server_port=options.port,
            share=options.share,
            inbrowser=options.open and _has_screen(),
            prevent_thread_lock=True,
            max_file_size=MAX_UPLOAD,
            ssr_mode=False,
            run_history=False,
            enable_monitoring=False,
            footer_links=[],
            theme=gr.themes.Default(primary_hue="orange", secondary_hue="blue", font=("system-ui", "sans-serif")).set(
                # White on Gradio's own orange is too faint to read.
                button_primary_background_fill="#b45309",
                button_primary_background_fill_dark="#b45309",
                button_primary_background_fill_hover="#92400e",
                button_primary_background_fill_hover_dark="#92400e",
            ),
            css_paths=HERE / "assets" / "page" / "style.css",
            head=page_head(HERE / "assets"),
        )
    except OSError as error:
        sys.stderr.write(f"error: {options.host}:{options.port} cannot be served: {error}\n")
        return 2
    served.include_router(routes(shelf, saved))
    opening.start()
    try:
        demo.block_thread()
    finally:
        saved.close()
    return 0


def _signs_in() -> bool:
    """Say whether visitors of this page can sign in: on a Space whose front matter has ``hf_oauth``."""
    return get_space() is not None and bool(os.environ.get("OAUTH_CLIENT_ID"))


def _has_screen() -> bool:
    """Say whether a browser could open here; without a screen, Linux would start one in the terminal."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serve SA Merge Explorer.")
    parser.add_argument("--config", type=Path, default=HERE / "checkpoints.yaml", metavar="FILE")
    parser.add_argument("--host", default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=os.environ.get("GRADIO_SERVER_PORT"))
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--open", action="store_true", help="open the page in this machine's browser")
    parser.add_argument("--share", action="store_true", help="a public address through Gradio's tunnel")
    parser.add_argument(
        "--serve-corpora", action="store_true", help="let visitors name folders of this machine, and repositories"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
