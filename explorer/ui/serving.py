"""What the page's own addresses serve: a clip of a visitor's evaluation, its reports, a model that was saved.

Audio of a folder corpus never becomes a file of Gradio's: it is decoded when it is asked for, handed to the visitor
whose evaluation named it, and kept nowhere.
"""

import io
from typing import get_args

import soundfile
from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, PlainTextResponse

from explorer.audio import SAMPLE_RATE, load_clip
from explorer.errors import ExplorerError
from explorer.report_file import ReportKind, report_text
from explorer.ui.saved import SavedFiles
from explorer.ui.shelf import Shelf
from explorer.ui.text.explore import MODEL_GONE, VISIT_ENDED

# Neither the browser's disk nor anything on the way may keep what is served here, nor tell others where it was.
PRIVATE = {
    "Cache-Control": "no-store, private",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8", "html": "text/html; charset=utf-8"}


def routes(shelf: Shelf, saved: SavedFiles) -> APIRouter:
    """Return the routes below ``/evaluation/ADDRESS``, the address of a visit, and below ``/saved/ADDRESS``."""
    both = APIRouter(include_in_schema=False)
    router = APIRouter(prefix="/evaluation", include_in_schema=False)

    @router.get("/{address}/clip/{number}")
    def clip(address: str, number: int) -> Response:
        visit = shelf.at(address)
        if visit is None or not 0 <= number < len(visit.clips):
            return PlainTextResponse(VISIT_ENDED, 404, PRIVATE)
        utterance = visit.clips[number]
        try:
            loaded = load_clip(utterance.path, utterance.id)
        except ExplorerError as error:
            return PlainTextResponse(str(error), 404, PRIVATE)
        wave = io.BytesIO()
        soundfile.write(wave, loaded.samples, SAMPLE_RATE, format="WAV", subtype="PCM_16")
        return Response(wave.getvalue(), media_type="audio/wav", headers=PRIVATE)

    @router.get("/{address}/report.{kind}")
    def report(address: str, kind: str) -> Response:
        visit = shelf.at(address)
        for known in get_args(ReportKind):
            if known == kind and visit is not None and visit.runs:
                attached = {"Content-Disposition": f'attachment; filename="evaluation.{known}"'}
                return Response(report_text(visit.runs, known), media_type=_TYPES[known], headers=PRIVATE | attached)
        return PlainTextResponse(VISIT_ENDED, 404, PRIVATE)

    @both.get("/saved/{address}/model.zip")
    def model(address: str) -> Response:
        path = saved.at(address)
        if path is None:
            return PlainTextResponse(MODEL_GONE, 404, PRIVATE)
        return FileResponse(path, media_type="application/zip", filename=path.name, headers=PRIVATE)

    both.include_router(router)
    return both
