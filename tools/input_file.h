// A file, pipe or standard input to read bytes from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tools/outcome.h"

namespace nic::tools {

class InputFile {
 public:
  static constexpr size_t kWindow = 65536;  // the most that Peek can show

  InputFile() = default;
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // Opens `path`, "-" being standard input. Opens once only.
  Outcome Open(const std::string& path);

  // The next bytes without taking them: `wanted` of them or more, at most kWindow; fewer only where the file ends or
  // reading fails. Valid until the next call.
  std::span<const uint8_t> Peek(size_t wanted);
  // Takes `count` of the bytes that Peek showed.
  void Skip(size_t count) { begin_ += count; }
  // Takes up to `count` bytes; fewer only where the file ends or reading fails.
  size_t Read(void* to, size_t count);
  // Takes all that is left; fails if that is more than `limit` bytes.
  Outcome ReadAll(uint64_t limit, std::vector<uint8_t>* bytes);

  // Success, unless reading failed; the end of the file is no failure.
  Outcome status() const;

 private:
  void Fill();

  int descriptor_ = -1;
  bool owned_ = false;
  bool ended_ = false;
  int error_number_ = 0;
  std::vector<uint8_t> window_;
  size_t begin_ = 0;  // of what lies in the window
  size_t end_ = 0;
};

}  // namespace nic::tools
