"""A viewer as small as can be: shows the picture that it is given in a window of its own, through GTK and gdk-pixbuf."""

import sys

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gtk  # noqa: E402

window = Gtk.Window(type=Gtk.WindowType.POPUP)  # no window manager decorates or moves it
window.add(Gtk.Image.new_from_file(sys.argv[1]))
window.move(0, 0)
window.show_all()
Gtk.main()
