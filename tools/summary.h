// What --json tells of one file: an object on one line.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace nic::tools {

class Summary {
 public:
  // Keys stand in the order of their first mention; a later mention of a key replaces its value.
  void Set(const std::string& key, const std::string& text);
  void Set(const std::string& key, const char* text);  // which would be a flag otherwise
  void Set(const std::string& key, uint64_t number);
  void Set(const std::string& key, bool flag);
  void Set(const std::string& key, double number);  // null unless finite

  // "{...}\n". Bytes that are no UTF-8, which file names may hold, come out as U+FFFD.
  std::string Line() const;

 private:
  void SetValue(const std::string& key, std::string json);

  std::vector<std::pair<std::string, std::string>> values_;  // as JSON
};

}  // namespace nic::tools
