"""The page: `page` lays it out, `callbacks` answers it, `render` turns results into what the browser draws.

The browser's half is in `assets/page/`: small scripts that draw the curve and the words. gradio is imported nowhere else.
"""
