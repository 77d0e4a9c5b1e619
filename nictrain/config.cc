#include "config.h"

#include <charconv>
#include <cmath>
#include <sstream>
#include <variant>
#include <vector>

#include "files.h"

namespace nic {
namespace {

struct Field {
  const char* key;
  std::variant<std::string Config::*, int64_t Config::*, double Config::*, bool Config::*, int64_t NetworkShape::*,
               bool NetworkShape::*>
      member;
  double low = 0;
  double high = 0;
};

// In the order in which they are written.
const std::vector<Field>& Fields() {
  static const std::vector<Field> fields = {
      {"model", &Config::model},
      {"data", &Config::data},
      {"init", &Config::init},
      {"start", &Config::start},
      {"output", &Config::output},
      {"patch", &Config::patch, 16, 4096},
      {"batch", &Config::batch, 1, 4096},
      {"steps", &Config::steps, 1, 1e9},
      {"warmup", &Config::warmup, 0, 1e6},
      {"rate", &Config::rate, 0, 1},
      {"weight_decay", &Config::weight_decay, 0, 1},
      {"clip", &Config::clip, 1e-6, 1e6},
      {"ema", &Config::ema, 0, 0.999999},
      {"downscale", &Config::downscale, 0, 1},
      {"smallest_scale", &Config::smallest_scale, 0.1, 1},
      {"colour", &Config::colour, 0, 0.5},
      {"chroma", &Config::chroma, 0, 1},
      {"patterns", &Config::patterns, 0, 1},
      {"loss_limit", &Config::loss_limit, 0, 1e6},
      {"similarity", &Config::similarity, 0, 1},
      {"validation", &Config::validation},
      {"validation_minutes", &Config::validation_minutes, 0, 1e6},
      {"quantise", &Config::quantise},
      {"seed", &Config::seed, 0, 1e15},
      {"precision", &Config::precision},
      {"checkpoint_minutes", &Config::checkpoint_minutes, 0, 1e6},
      {"log_steps", &Config::log_steps, 1, 1e6},
      {"lambda_low", &Config::lambda_low, 1e-6, 100},
      {"lambda_high", &Config::lambda_high, 1e-6, 100},
      {"analysis_width", &NetworkShape::analysis_width, 1, 4096},
      {"synthesis_width", &NetworkShape::synthesis_width, 1, 4096},
      {"inner_width", &NetworkShape::inner_width, 1, 4096},
      {"latents", &NetworkShape::latents, 1, 1024},
      {"hyper_latents", &NetworkShape::hyper_latents, 1, 1024},
      {"hyper_width", &NetworkShape::hyper_width, 1, 1024},
      {"features", &NetworkShape::features, 1, 4096},
      {"levels", &NetworkShape::levels, 2, 16},
      {"analysis_blocks8", &NetworkShape::analysis_blocks8, 0, 64},
      {"analysis_blocks16", &NetworkShape::analysis_blocks16, 0, 64},
      {"synthesis_blocks8", &NetworkShape::synthesis_blocks8, 0, 64},
      {"synthesis_blocks16", &NetworkShape::synthesis_blocks16, 0, 64},
      {"passes", &NetworkShape::passes, 2, 4},
      {"linear", &NetworkShape::linear},
      {"overlap", &NetworkShape::overlap, 0, 1024},
  };
  return fields;
}

std::string Trim(const std::string& text) {
  const char* kBlank = " \t\r";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

template <typename T>
bool ParseNumber(const std::string& text, const Field& field, T* number) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if (!(static_cast<double>(value) >= field.low && static_cast<double>(value) <= field.high)) return false;
  *number = value;
  return true;
}

bool ParseYes(const std::string& text, bool* yes) {
  if (text != "yes" && text != "no") return false;
  *yes = text == "yes";
  return true;
}

struct Setter {
  const Field& field;
  const std::string& text;
  Config& config;
  bool operator()(std::string Config::*member) const { return config.*member = text, true; }
  bool operator()(int64_t Config::*member) const { return ParseNumber(text, field, &(config.*member)); }
  bool operator()(double Config::*member) const { return ParseNumber(text, field, &(config.*member)); }
  bool operator()(int64_t NetworkShape::*member) const { return ParseNumber(text, field, &(config.shape.*member)); }
  bool operator()(bool Config::*member) const { return ParseYes(text, &(config.*member)); }
  bool operator()(bool NetworkShape::*member) const { return ParseYes(text, &(config.shape.*member)); }
};

struct Writer {
  const Config& config;
  std::ostream& out;
  void operator()(std::string Config::*member) const { out << config.*member; }
  void operator()(int64_t Config::*member) const { out << config.*member; }
  void operator()(double Config::*member) const { out << config.*member; }
  void operator()(bool Config::*member) const { out << (config.*member ? "yes" : "no"); }
  void operator()(int64_t NetworkShape::*member) const { out << config.shape.*member; }
  void operator()(bool NetworkShape::*member) const { out << (config.shape.*member ? "yes" : "no"); }
};

const Field* Find(const std::string& key) {
  for (const Field& field : Fields()) {
    if (key == field.key) return &field;
  }
  return nullptr;
}

Status Wrong(int line, const std::string& what, const std::string& which) {
  return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "line %d: %s: %s", line, what.c_str(), which.c_str());
}

Status ParseLine(const std::string& line, int number, Config* config) {
  const std::string text = Trim(line.substr(0, line.find('#')));
  if (text.empty()) return {};
  const size_t equals = text.find('=');
  if (equals == std::string::npos) return Wrong(number, "not key = value", text);
  const std::string key = Trim(text.substr(0, equals));
  const Field* field = Find(key);
  if (!field) return Wrong(number, "unknown key", key);
  const std::string value = Trim(text.substr(equals + 1));
  if (!std::visit(Setter{*field, value, *config}, field->member)) return Wrong(number, "no value in range", text);
  return {};
}

Status CheckWhole(const Config& config) {
  const auto wrong = [](const char* what) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s", what);
  };
  if (config.start != "klt" && config.start != "random") return wrong("start: neither klt nor random");
  if (config.precision != "single" && config.precision != "bf16") return wrong("precision: neither single nor bf16");
  if (config.patch % 16 != 0) return wrong("patch: not a multiple of 16");
  if (config.quantise && config.patch % 64 != 0) return wrong("quantise: patch is no multiple of 64");
  if (config.lambda_low >= config.lambda_high) return wrong("lambda_low: not below lambda_high");
  return CheckShape(config.shape);
}

}  // namespace

Status ParseConfig(const std::string& text, Config* config) {
  Config parsed = *config;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) NIC_RETURN_IF_ERROR(ParseLine(line, number, &parsed));
  NIC_RETURN_IF_ERROR(CheckWhole(parsed));
  *config = parsed;
  return {};
}

Status ReadConfig(const std::string& path, Config* config) {
  std::vector<uint8_t> bytes;
  NIC_RETURN_IF_ERROR(ReadFile(path, &bytes));
  return ParseConfig(std::string(bytes.begin(), bytes.end()), config).Within(path.c_str());
}

std::string FormatConfig(const Config& config) {
  std::ostringstream text;
  text.precision(17);
  for (const Field& field : Fields()) {
    text << field.key << " = ";
    std::visit(Writer{config, text}, field.member);
    text << "\n";
  }
  return text.str();
}

}  // namespace nic
