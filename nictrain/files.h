// Whole files in and out, and folders listed, with errors that name the path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace nic {

Status ReadFile(const std::string& path, std::vector<uint8_t>* bytes);
// Written to `path`.new, flushed to the disk and renamed: the old file stays if anything fails.
Status WriteFile(const std::string& path, std::string_view bytes);
// The regular files of a folder whose names end in one of `suffixes` (lower case, compared without case), sorted.
Status ListFolder(const std::string& folder, const std::vector<std::string>& suffixes, std::vector<std::string>* paths);

}  // namespace nic
