// Whole pictures from and to files.
#pragma once

#include <string>
#include <vector>

#include "tools/outcome.h"
#include "tools/picture.h"

namespace nic::bench {

// Reads a PNG, JPEG or PNM file.
tools::Outcome ReadPictureFile(const std::string& path, tools::Picture* picture);

// Writes a picture in the format that the extension of `path` means: png, pnm, pgm or ppm.
tools::Outcome WritePictureFile(const std::string& path, const tools::Picture& picture);

// The PNG, JPEG and PNM files of a folder by their extensions, sorted by name; or `path` itself if it is no folder.
// Fails if there is nothing at `path`, or a folder without pictures.
tools::Outcome ListPictures(const std::string& path, std::vector<std::string>* files);

// The last part of a path without its extension: "kodim01" of "a/kodim01.png".
std::string StemOf(const std::string& path);

// Makes both pictures colour if only one is. Fails if their sizes differ.
tools::Outcome MakeComparable(tools::Picture* a, tools::Picture* b);

}  // namespace nic::bench
