// Folders: what lies below one, and making one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tools/outcome.h"

namespace nic::tools {

// The files below `folder` whose extension, in lower case, is one of `extensions`: their paths from the folder on,
// sorted. Names that begin with a dot are passed over. Links to files count as files; links to folders are not
// followed, so that no loop ends in endless work. A folder that cannot be read is handed to `fail`, and the rest is
// listed all the same.
std::vector<std::string> ListFiles(const std::string& folder, const std::vector<std::string>& extensions,
                                   const std::function<void(const std::string& path, const Outcome&)>& fail);

bool IsFolder(const std::string& path);

// Makes a folder and those above it, unless they are there already; nothing for an empty name.
Outcome MakeFolder(const std::string& path);

// The extension of a file's name in lower case, without its dot; empty if there is none.
std::string ExtensionOfFile(const std::string& path);

}  // namespace nic::tools
