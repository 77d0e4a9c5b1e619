#include "tools/folder.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>

namespace nic::tools {
namespace {

class Walk {
 public:
  Walk(const std::vector<std::string>* extensions, const std::function<void(const std::string&, const Outcome&)>* fail)
      : extensions_(extensions), fail_(fail) {}

  std::vector<std::string> Run(const std::string& folder) {
    const std::string root = folder.back() == '/' ? folder : folder + "/";
    pending_ = {""};
    while (!pending_.empty()) {
      const std::string place = pending_.back();
      pending_.pop_back();
      List(root, place);
    }
    std::sort(files_.begin(), files_.end());
    return std::move(files_);
  }

 private:
  void List(const std::string& root, const std::string& place) {
    const std::string path = place.empty() ? root : root + place;
    DIR* stream = opendir(path.c_str());
    if (!stream) return (*fail_)(path, Outcome::System("cannot list the folder", errno));
    errno = 0;
    while (const dirent* entry = readdir(stream)) Take(root, place, entry->d_name);
    if (errno != 0) (*fail_)(path, Outcome::System("cannot list the folder", errno));
    closedir(stream);
  }

  void Take(const std::string& root, const std::string& place, const std::string& name) {
    if (name[0] == '.') return;
    const std::string path = root + place + name;
    struct stat present;
    const int kept = errno;  // readdir tells its failure by errno alone
    if (lstat(path.c_str(), &present) == 0) {
      const bool folder = S_ISDIR(present.st_mode);
      if (folder) pending_.push_back(place + name + "/");
      // A link that leads nowhere is listed, to be told of when it is opened.
      const bool file = stat(path.c_str(), &present) != 0 || S_ISREG(present.st_mode);
      if (!folder && file && Wanted(name)) files_.push_back(place + name);
    }
    errno = kept;
  }

  bool Wanted(const std::string& name) const {
    return std::find(extensions_->begin(), extensions_->end(), ExtensionOfFile(name)) != extensions_->end();
  }

  const std::vector<std::string>* extensions_;
  const std::function<void(const std::string&, const Outcome&)>* fail_;
  std::vector<std::string> pending_;  // folders from the root on, each ending in a slash
  std::vector<std::string> files_;
};

}  // namespace

std::vector<std::string> ListFiles(const std::string& folder, const std::vector<std::string>& extensions,
                                   const std::function<void(const std::string&, const Outcome&)>& fail) {
  return Walk(&extensions, &fail).Run(folder);
}

bool IsFolder(const std::string& path) {
  struct stat present;
  return path != "-" && stat(path.c_str(), &present) == 0 && S_ISDIR(present.st_mode);
}

Outcome MakeFolder(const std::string& path) {
  for (size_t slash = path.find('/', 1); !path.empty(); slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    const int error_number = mkdir(part.c_str(), 0777) == 0 ? 0 : errno;
    if (error_number != 0 && !IsFolder(part)) {
      return Outcome::System("cannot make the folder", error_number == EEXIST ? ENOTDIR : error_number);
    }
    if (slash == std::string::npos) break;
  }
  return {};
}

std::string ExtensionOfFile(const std::string& path) {
  const size_t dot = path.find_last_of("./");
  if (dot == std::string::npos || path[dot] == '/') return "";
  std::string extension = path.substr(dot + 1);
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return extension;
}

}  // namespace nic::tools
