"""The page: `page` lays it out, `exploring` and `evaluating` answer it, `render` turns results into what is drawn.

The browser's half is in `assets/page/`: small scripts that draw the curve and the words. Only here is gradio imported.
"""
