// Metadata in files of their own: what --exif, --xmp and --icc name.
#pragma once

#include <array>
#include <string>

#include "tools/metadata.h"
#include "tools/outcome.h"

namespace nic::tools {

// A file for each of the first kFileKinds of kMetadataKinds; empty: not given.
using MetadataFiles = std::array<std::string, kFileKinds>;

// True if any is given.
bool AnyGiven(const MetadataFiles& files);

// Reads the files that are given into *metadata and leaves its other kinds as they are. A file that is not what its
// option says is kExitMalformed; one beyond `max_metadata` bytes, 0 for libnic's default, kExitLimit.
Outcome ReadMetadataFiles(const MetadataFiles& files, uint64_t max_metadata, Metadata* metadata);

// Writes the kinds that are asked for; "-" is standard output. Fails before writing any if one is not there.
// `keep_existing` as in OutputFile.
Outcome WriteMetadataFiles(const MetadataFiles& files, const Metadata& metadata, bool keep_existing);

}  // namespace nic::tools
