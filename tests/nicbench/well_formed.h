// Is a text well-formed XML, as far as nicbench writes any?
#pragma once

#include <string>
#include <vector>

namespace nic::bench::testing {

// Every entity one of XML's own.
inline bool HasGoodEntities(const std::string& text) {
  for (size_t at = text.find('&'); at != std::string::npos; at = text.find('&', at + 1)) {
    bool known = false;
    for (const std::string entity : {"&amp;", "&lt;", "&gt;", "&quot;"})
      known |= text.substr(at, entity.size()) == entity;
    if (!known) return false;
  }
  return true;
}

// Attributes with quotes, as in `a b="c" d="e"`.
inline bool HasGoodAttributes(const std::string& tag) {
  size_t at = tag.find(' ');
  while (at < tag.size()) {
    const size_t begin = tag.find("=\"", at);
    if (tag[at] != ' ' || begin == std::string::npos || begin == at + 1) return false;
    const size_t end = tag.find('"', begin + 2);
    if (end == std::string::npos) return false;
    at = end + 1;
  }
  return true;
}

// One root, tags that close in order, attributes in quotes, no stray < or &.
inline bool IsWellFormed(const std::string& text) {
  std::vector<std::string> open;
  int roots = 0;
  size_t at = 0;
  while (at < text.size()) {
    const size_t begin = text.find('<', at);
    const std::string between = text.substr(at, begin - at);
    if (!HasGoodEntities(between) || between.find('>') != std::string::npos) return false;
    if (open.empty() && between.find_first_not_of("\n ") != std::string::npos) return false;
    if (begin == std::string::npos) break;
    const size_t end = text.find('>', begin);
    if (end == std::string::npos) return false;
    std::string tag = text.substr(begin + 1, end - begin - 1);
    at = end + 1;
    if (tag.find('<') != std::string::npos || !HasGoodEntities(tag)) return false;
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
      continue;
    }
    const bool closed = tag.back() == '/';
    if (closed) tag.pop_back();
    if (!HasGoodAttributes(tag)) return false;
    roots += open.empty();
    if (!closed) open.push_back(tag.substr(0, tag.find(' ')));
  }
  return open.empty() && roots == 1;
}

}  // namespace nic::bench::testing
