"""The words of Python's half of the page, a module for each tab, ready for translation; the browser's are in text.js.

``common`` has what several tabs say. {name} in a text is filled in where it is used. What errors say stands with the
errors.
"""
