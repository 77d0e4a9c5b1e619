#include "nicbench/machine.h"

#include <ctime>
#include <fstream>
#include <string>
#include <thread>

namespace nic::bench {
namespace {

// The value of the first line "key : value" of /proc/cpuinfo; empty if there is none.
std::string FindProcessorField(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (line.compare(0, key.size(), key) != 0 || colon == std::string::npos) continue;
    return colon + 2 < line.size() ? line.substr(colon + 2) : "";
  }
  return "";
}

std::string WidestVectors() {
  const std::string flags = " " + FindProcessorField("flags") + FindProcessorField("Features") + " ";
  for (const char* name : {"avx512_vnni", "avx512bw", "avx_vnni", "avx2", "sse4_1", "asimd"}) {
    if (flags.find(" " + std::string(name) + " ") != std::string::npos) return name;
  }
  return "unknown";
}

std::string Today() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d", std::gmtime(&now));
  return text;
}

}  // namespace

nlohmann::json DescribeMachine() {
  std::string name = FindProcessorField("model name");
  if (name.empty()) name = "unknown";
  return {
      {"cpu", name}, {"cores", std::thread::hardware_concurrency()}, {"vectors", WidestVectors()}, {"date", Today()}};
}

}  // namespace nic::bench
