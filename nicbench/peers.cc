#include "nicbench/peers.h"

#include <algorithm>

namespace nic::bench {

using tools::Outcome;

Outcome SelectPeers(const std::vector<std::string>& names, std::vector<const ProgramDescription*>* selected,
                    std::vector<std::string>* skipped) {
  const std::vector<ProgramDescription>& known = KnownPrograms();
  const auto asked = [&names](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const std::string& name : names) {
    const auto is_it = [&name](const ProgramDescription& program) { return program.name == name; };
    if (name == "all" || name == "none" || std::any_of(known.begin(), known.end(), is_it)) continue;
    std::string all;
    for (const ProgramDescription& program : known) all += (all.empty() ? "" : ", ") + program.name;
    return Outcome::Failure(tools::kExitUsage, "no peer is named " + name, "there are " + all);
  }
  for (const ProgramDescription& program : known) {
    if (!asked(program.name) && !asked("all")) continue;
    if (program.installed()) {
      selected->push_back(&program);
    } else {
      skipped->push_back(program.name + " is skipped: " + program.encoder() + " or " + program.decoder() +
                         " is not installed (package " + program.package + ")");
    }
  }
  return {};
}

}  // namespace nic::bench
