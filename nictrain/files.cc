#include "files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace nic {
namespace {

Status Failure(const char* what, const std::string& path) {
  return Status::Error(NIC_IO, Status::kNoOffset, "%s %s: %s", what, path.c_str(), std::strerror(errno));
}

bool WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return ::fsync(file) == 0;
}

bool EndsIn(const std::string& path, const std::vector<std::string>& suffixes) {
  std::string lower = path;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::any_of(suffixes.begin(), suffixes.end(), [&](const std::string& s) { return lower.ends_with(s); });
}

}  // namespace

Status ReadFile(const std::string& path, std::vector<uint8_t>* bytes) {
  struct stat about;
  if (::stat(path.c_str(), &about) != 0) return Failure("cannot open", path);
  if (!S_ISREG(about.st_mode)) return Status::Error(NIC_IO, Status::kNoOffset, "not a file: %s", path.c_str());
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return Failure("cannot open", path);
  bytes->resize(static_cast<size_t>(about.st_size));
  if (std::fread(bytes->data(), 1, bytes->size(), file.get()) != bytes->size()) return Failure("cannot read", path);
  return {};
}

Status WriteFile(const std::string& path, std::string_view bytes) {
  const std::string fresh = path + ".new";
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return Failure("cannot create", fresh);
  const bool written = WriteAll(file, bytes);
  const int error = errno;
  if (::close(file) == 0 && written && ::rename(fresh.c_str(), path.c_str()) == 0) return {};
  if (!written) errno = error;
  const Status failure = Failure("cannot write", fresh);
  ::unlink(fresh.c_str());
  return failure;
}

Status ListFolder(const std::string& folder, const std::vector<std::string>& suffixes,
                  std::vector<std::string>* paths) {
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  if (error) {
    return Status::Error(NIC_IO, Status::kNoOffset, "cannot list %s: %s", folder.c_str(), error.message().c_str());
  }
  paths->clear();
  for (const auto& entry : entries) {
    if (entry.is_regular_file(error) && EndsIn(entry.path().string(), suffixes)) {
      paths->push_back(entry.path().string());
    }
  }
  std::sort(paths->begin(), paths->end());
  return {};
}

}  // namespace nic
