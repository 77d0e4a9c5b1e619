#include "arguments.h"

#include <algorithm>
#include <charconv>

namespace nic {
namespace {

Status Wrong(const char* what, const std::string& name) {
  return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s: --%s", what, name.c_str());
}

}  // namespace

std::string Arguments::get(const std::string& name, const std::string& otherwise) const {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : found->second;
}

Status Arguments::GetNumber(const std::string& name, double low, double high, double* value) const {
  if (!has(name)) return {};
  const std::string text = get(name);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !(number >= low && number <= high)) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "--%s %s: no number from %g to %g", name.c_str(),
                         text.c_str(), low, high);
  }
  *value = number;
  return {};
}

Status ParseArguments(int count, char** texts, const std::vector<std::string>& known, Arguments* arguments) {
  for (int i = 0; i < count; ++i) {
    const std::string text = texts[i];
    if (!text.starts_with("--")) {
      arguments->words.push_back(text);
      continue;
    }
    const size_t equals = text.find('=');
    const std::string name = text.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (std::find(known.begin(), known.end(), name) == known.end()) return Wrong("unknown option", name);
    if (arguments->has(name)) return Wrong("given twice", name);
    if (equals != std::string::npos) {
      arguments->options[name] = text.substr(equals + 1);
    } else if (i + 1 < count) {
      arguments->options[name] = texts[++i];
    } else {
      return Wrong("no value", name);
    }
  }
  return {};
}

}  // namespace nic
