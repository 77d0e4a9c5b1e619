#include "tools/summary.h"

#include <nlohmann/json.hpp>

namespace nic::tools {
namespace {

using Json = nlohmann::ordered_json;

std::string Dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

void Summary::SetValue(const std::string& key, std::string json) {
  for (auto& [name, value] : values_) {
    if (name != key) continue;
    value = std::move(json);
    return;
  }
  values_.emplace_back(key, std::move(json));
}

void Summary::Set(const std::string& key, const std::string& text) { SetValue(key, Dump(text)); }
void Summary::Set(const std::string& key, const char* text) { SetValue(key, Dump(text)); }
void Summary::Set(const std::string& key, uint64_t number) { SetValue(key, Dump(number)); }
void Summary::Set(const std::string& key, bool flag) { SetValue(key, Dump(flag)); }
void Summary::Set(const std::string& key, double number) { SetValue(key, Dump(number)); }

std::string Summary::Line() const {
  std::string line = "{";
  for (const auto& [key, value] : values_) {
    if (line.size() > 1) line += ",";
    line += Dump(key);
    line += ":";
    line += value;
  }
  return line + "}\n";
}

}  // namespace nic::tools
