#include "tools/output_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <filesystem>

namespace nic::tools {
namespace {

constexpr size_t kBufferSize = 65536;
constexpr int kFatalSignals[] = {SIGINT, SIGTERM, SIGHUP};

// The unfinished file, for the signal handler, which may neither allocate nor lock. Named before the file is made and
// until after it has its own name, so that a signal at any moment finds it; its first byte is written last.
volatile char unfinished_path[PATH_MAX];

void SetUnfinished(const std::string& path) {
  for (size_t at = path.size() + 1; at-- > 0;) unfinished_path[at] = path.c_str()[at];
}

void ClearUnfinished() { unfinished_path[0] = 0; }

void RemoveUnfinished(int signal_number) {
  if (unfinished_path[0] != 0) unlink(const_cast<const char*>(unfinished_path));
  // SA_RESETHAND has restored the default action, which now ends the program with the signal as its reason.
  raise(signal_number);
}

void InstallHandlers() {
  struct sigaction action = {};
  action.sa_handler = RemoveUnfinished;
  action.sa_flags = SA_RESETHAND | SA_NODEFER;
  for (const int number : kFatalSignals) {
    struct sigaction present;
    // A signal that the parent had us ignore, as nohup does, stays ignored.
    if (sigaction(number, nullptr, &present) == 0 && present.sa_handler == SIG_DFL) sigaction(number, &action, nullptr);
  }
}

// The file that `path` leads to when it is a link, else `path`.
std::string FollowLink(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return path;
  const std::filesystem::path target = std::filesystem::weakly_canonical(path, error);
  return error ? path : target.string();
}

}  // namespace

OutputFile::~OutputFile() { Discard(); }

Outcome OutputFile::Fail(int error_number) const {
  const std::string file = given_path_.empty() || given_path_ == "-" ? "to standard output" : "'" + given_path_ + "'";
  return Outcome::System("cannot write " + file, error_number);
}

Outcome OutputFile::Open(const std::string& path, bool keep_existing) {
  keep_existing_ = keep_existing;
  buffer_.reserve(kBufferSize);
  given_path_ = path;
  if (path == "-") {
    if (isatty(STDOUT_FILENO)) return Outcome::Failure(kExitUsage, "will not write a picture to a terminal");
    return OpenStandardOutput();
  }
  path_ = FollowLink(path);
  struct stat present;
  if (stat(path_.c_str(), &present) != 0) return OpenBeside();
  if (S_ISDIR(present.st_mode)) return Fail(EISDIR);
  // A rename would replace a write-protected file; its owner meant that not to happen.
  if (access(path_.c_str(), W_OK) != 0) return Fail(errno);
  if (S_ISREG(present.st_mode)) return OpenBeside();
  descriptor_ = open(path_.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor_ < 0) return Fail(errno);
  owned_ = true;
  return {};
}

Outcome OutputFile::OpenStandardOutput() {
  descriptor_ = STDOUT_FILENO;
  return {};
}

Outcome OutputFile::OpenBeside() {
  const size_t slash = path_.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path_.substr(0, slash + 1);
  InstallHandlers();
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string name = folder + ".nic-" + std::to_string(getpid()) + "-" + std::to_string(attempt) + ".tmp";
    if (name.size() >= sizeof unfinished_path) return Fail(ENAMETOOLONG);
    SetUnfinished(name);
    descriptor_ = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    const int error_number = errno;
    if (descriptor_ >= 0) {
      owned_ = true;
      temporary_ = name;
      return {};
    }
    ClearUnfinished();
    if (error_number != EEXIST) return Fail(error_number);
  }
  return Fail(EEXIST);
}

Outcome OutputFile::Write(const void* bytes, size_t count) {
  const auto* from = static_cast<const uint8_t*>(bytes);
  size_ += count;
  if (buffer_.size() + count >= kBufferSize) {
    NIC_TOOLS_RETURN_IF_FAILED(Flush());
    return WriteThrough(from, count);
  }
  buffer_.insert(buffer_.end(), from, from + count);
  return {};
}

Outcome OutputFile::WriteThrough(const uint8_t* bytes, size_t count) {
  while (count > 0) {
    const ssize_t done = write(descriptor_, bytes, count);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return Fail(errno);
    bytes += done;
    count -= static_cast<size_t>(done);
  }
  return {};
}

Outcome OutputFile::Flush() {
  const Outcome outcome = WriteThrough(buffer_.data(), buffer_.size());
  buffer_.clear();
  return outcome;
}

Outcome OutputFile::Commit() {
  NIC_TOOLS_RETURN_IF_FAILED(Flush());
  if (!owned_) return {};
  struct stat present;
  if (!temporary_.empty() && stat(path_.c_str(), &present) == 0) {
    // Best effort: a file system without permissions is no reason to fail.
    (void)!fchmod(descriptor_, present.st_mode & 0777);
  }
  owned_ = false;
  if (close(descriptor_) != 0) {
    const int error_number = errno;
    Discard();
    return Fail(error_number);
  }
  if (temporary_.empty()) return {};
  if (const int error_number = Rename(); error_number != 0) {
    Discard();
    return Fail(error_number);
  }
  temporary_.clear();
  ClearUnfinished();
  return {};
}

// Gives the finished file its name; returns the error number of a failure.
int OutputFile::Rename() const {
  if (!keep_existing_) return rename(temporary_.c_str(), path_.c_str()) == 0 ? 0 : errno;
  // Looking first and renaming then would leave a moment for another program; a link never replaces.
  if (link(temporary_.c_str(), path_.c_str()) == 0) return unlink(temporary_.c_str()) == 0 ? 0 : errno;
  if (errno != EPERM && errno != ENOTSUP) return errno;
  // A file system without hard links.
  if (access(path_.c_str(), F_OK) == 0) return EEXIST;
  return rename(temporary_.c_str(), path_.c_str()) == 0 ? 0 : errno;
}

void OutputFile::Discard() {
  if (owned_) close(descriptor_);
  owned_ = false;
  if (temporary_.empty()) return;
  unlink(temporary_.c_str());
  temporary_.clear();
  ClearUnfinished();
}

void IgnoreWriteSignals() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

}  // namespace nic::tools
