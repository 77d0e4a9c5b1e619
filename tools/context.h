// libnic's context as the tools use it.
#pragma once

#include <string>

#include "nic/nic.h"
#include "tools/arguments.h"
#include "tools/outcome.h"
#include "tools/report.h"

namespace nic::tools {

class Context {
 public:
  Context() = default;
  ~Context() { nic_context_free(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // Makes the context with the arguments' threads and limits; its progress goes to `report`, which must outlive it.
  Outcome Open(const Arguments& arguments, Report* report);
  // Finds the model that `wanted` names - one the context knows, or a package file, which is added - and its id.
  Outcome FindModel(const std::string& wanted, uint32_t* id);

  nic_context* get() const { return context_; }

 private:
  bool FindKnown(const std::string& name, uint32_t* id, std::string* known) const;
  Outcome AddFile(const std::string& path, uint32_t* id);

  nic_context* context_ = nullptr;
};

}  // namespace nic::tools
