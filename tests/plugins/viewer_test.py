"""A .nic file on the screen: a GTK program under Xvfb shows what nicdec decodes, as a screenshot tells."""

import os
import shutil
import subprocess
import sys
import time

import support

TIMEOUT = 60  # seconds for server and window to come up


def read_xwd(data):
    """(width, height, rows of RGB) of a screenshot by xwd, three or four bytes a pixel."""
    fields = [int.from_bytes(data[4 * i : 4 * i + 4], "big") for i in range(25)]
    begin = fields[0] + fields[19] * 12
    width, height, order, step, stride = fields[4], fields[5], fields[7], fields[11] // 8, fields[12]
    assert step in (3, 4), fields
    rows = []
    for y in range(height):
        row = data[begin + y * stride : begin + y * stride + step * width]
        planes = [row[i::step] for i in ((2, 1, 0) if order == 0 else range(step - 3, step))]
        rows.append(bytes(sample for pixel in zip(*planes) for sample in pixel))
    return width, height, rows


def start_server(folder):
    """Starts Xvfb on a display that it chooses itself."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp"],
        pass_fds=(write,), stderr=open(os.path.join(folder, "server.log"), "wb"))
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    assert number, "Xvfb did not start"
    return server, ":" + number


def take(display, path):
    support.run("xwd", "-root", "-silent", "-display", display, "-out", path)
    with open(path, "rb") as file:
        return read_xwd(file.read())


def differences(screen, wanted):
    """How many rows of the picture, at the window's corner, the screen does not show as they are."""
    width, height, channels, samples = wanted
    assert channels == 3
    stride = 3 * width
    return sum(
        1 for y in range(height) if screen[2][y][:stride] != samples[y * stride : (y + 1) * stride]
    )


def main():
    for program in ("Xvfb", "xwd", "update-mime-database"):
        if not shutil.which(program):
            support.skip(f"{program} is not installed")
    if subprocess.run([sys.executable, "-c", "import gi; gi.require_version('Gtk', '3.0')"], capture_output=True).returncode:
        support.skip("Python has no GTK 3")
    with support.folder() as folder:
        environment = support.register_pixbuf_loader(folder)
        nic, png, shot = (os.path.join(folder, name) for name in ("a.nic", "wanted.png", "screen.xwd"))
        support.encode(support.PICTURE, nic)
        support.decode(nic, png)
        wanted = support.read_png(png)
        server, display = start_server(folder)
        viewer = None
        try:
            viewer = subprocess.Popen(
                [sys.executable, os.path.join(os.path.dirname(__file__), "viewer.py"), nic],
                env={**os.environ, **environment, "DISPLAY": display, "GDK_BACKEND": "x11", "GDK_SCALE": "1"})
            end = time.monotonic() + TIMEOUT
            wrong = None
            while wrong != 0 and viewer.poll() is None and time.monotonic() < end:
                time.sleep(0.2)
                wrong = differences(take(display, shot), wanted)
            if os.environ.get("NIC_SCREENSHOT"):
                shutil.copy(shot, os.environ["NIC_SCREENSHOT"])
            assert wrong == 0, f"{wrong} rows of the picture are not on the screen as decoded"
        finally:
            if viewer:
                viewer.kill()
                viewer.wait()
            server.terminate()
            server.wait()
    print("passed")


main()
