#include "tools/input_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tools/number.h"

namespace nic::tools {

InputFile::~InputFile() {
  if (owned_) close(descriptor_);
}

Outcome InputFile::Open(const std::string& path) {
  window_.resize(kWindow);
  if (path == "-") {
    descriptor_ = STDIN_FILENO;
    return {};
  }
  descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) return Outcome::System("cannot open", errno);
  owned_ = true;
  return {};
}

// One read into the free end of the window.
void InputFile::Fill() {
  if (begin_ > 0) {
    std::memmove(window_.data(), window_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const ssize_t got = read(descriptor_, window_.data() + end_, window_.size() - end_);
  if (got > 0) {
    end_ += static_cast<size_t>(got);
  } else if (got == 0) {
    ended_ = true;
  } else if (errno != EINTR) {
    error_number_ = errno;
    ended_ = true;
  }
}

std::span<const uint8_t> InputFile::Peek(size_t wanted) {
  wanted = std::min(wanted, kWindow);
  while (end_ - begin_ < wanted && !ended_) Fill();
  return {window_.data() + begin_, end_ - begin_};
}

size_t InputFile::Read(void* to, size_t count) {
  size_t done = 0;
  while (done < count) {
    const std::span<const uint8_t> ready = Peek(1);
    if (ready.empty()) break;
    const size_t part = std::min(ready.size(), count - done);
    std::memcpy(static_cast<uint8_t*>(to) + done, ready.data(), part);
    Skip(part);
    done += part;
  }
  return done;
}

Outcome InputFile::ReadAll(uint64_t limit, std::vector<uint8_t>* bytes) {
  bytes->clear();
  bytes->reserve(kWindow);  // an empty file has an address too
  for (std::span<const uint8_t> ready = Peek(1); !ready.empty(); ready = Peek(1)) {
    if (ready.size() > limit - bytes->size()) {
      return Outcome::Failure(kExitLimit, "file too large", "more than " + Grouped(limit) + " bytes");
    }
    bytes->insert(bytes->end(), ready.begin(), ready.end());
    Skip(ready.size());
  }
  return status();
}

Outcome InputFile::status() const {
  return error_number_ == 0 ? Outcome() : Outcome::System("cannot read", error_number_);
}

}  // namespace nic::tools
