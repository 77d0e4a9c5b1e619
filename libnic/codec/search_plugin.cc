#include "codec/search_plugin.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace nic {
namespace {

constexpr char kFileName[] = "libnic-torch.so";

std::vector<std::string> ListFolders() {
  std::vector<std::string> folders;
  const char* variable = std::getenv("NIC_PLUGIN_PATH");
  std::string_view rest = variable ? variable : "";
  while (!rest.empty()) {
    const size_t colon = std::min(rest.find(':'), rest.size());
    if (colon > 0) folders.emplace_back(rest.substr(0, colon));
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  folders.emplace_back(NIC_PLUGIN_FOLDER);
  return folders;
}

Status CannotLoad(const Log& log, const std::string& path, const char* reason) {
  log.Write(NIC_LOG_WARNING, "plug-in %s cannot be loaded: %s", path.c_str(), reason ? reason : "no reason given");
  return Status::Error(NIC_UNSUPPORTED_FEATURE, Status::kNoOffset,
                       "effort: the search plug-in cannot be loaded: %.120s", reason ? reason : "no reason given");
}

}  // namespace

Status LoadSearchPlugin(const Log& log, SearchFunction* function) {
  for (const std::string& folder : ListFolders()) {
    const std::string path = folder + "/" + kFileName;
    if (access(path.c_str(), F_OK) != 0) continue;
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) return CannotLoad(log, path, dlerror());
    *function = reinterpret_cast<SearchFunction>(dlsym(library, kSearchSymbol));
    if (!*function) return CannotLoad(log, path, dlerror());
    log.Write(NIC_LOG_INFO, "plug-in %s loaded", path.c_str());
    return {};
  }
  return Status::Error(NIC_UNSUPPORTED_FEATURE, Status::kNoOffset,
                       "effort: 6 to 9 need the search plug-in %s, which is not installed; 5 is the highest without",
                       kFileName);
}

}  // namespace nic
