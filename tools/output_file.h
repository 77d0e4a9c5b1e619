// A file that appears whole or not at all: written under another name in its folder, then renamed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/outcome.h"

namespace nic::tools {

class OutputFile {
 public:
  OutputFile() = default;
  ~OutputFile();  // discards what was not committed
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // Begins a file; "-" is standard output, which is refused if it is a terminal. A link is followed; a pipe or device
  // is written to as it is. At most one OutputFile is open at a time. SIGINT, SIGTERM and SIGHUP remove an unfinished
  // file and end the program as they always do. With `keep_existing` a file that has the name when this one is ready
  // stays, and Commit fails.
  Outcome Open(const std::string& path, bool keep_existing = false);
  // Begins writing to standard output, be it a terminal.
  Outcome OpenStandardOutput();
  Outcome Write(const void* bytes, size_t count);
  // Ends the file and gives it its name, and the permissions of the file that bore the name before.
  Outcome Commit();

  uint64_t size() const { return size_; }  // bytes written so far

 private:
  Outcome OpenBeside();
  Outcome WriteThrough(const uint8_t* bytes, size_t count);
  Outcome Flush();
  Outcome Fail(int error_number) const;
  void Discard();
  int Rename() const;

  std::string given_path_;
  std::string path_;       // with links followed
  std::string temporary_;  // empty if written in place
  int descriptor_ = -1;
  bool owned_ = false;
  bool keep_existing_ = false;
  uint64_t size_ = 0;
  std::vector<uint8_t> buffer_;
};

// Makes a closed pipe and the limit on file sizes ordinary write errors. Every tool calls it first.
void IgnoreWriteSignals();

}  // namespace nic::tools
