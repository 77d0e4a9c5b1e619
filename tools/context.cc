#include "tools/context.h"

#include <unistd.h>

#include <vector>

#include "tools/input_file.h"

namespace nic::tools {
namespace {

constexpr uint64_t kMaxPackageSize = uint64_t{1} << 30;

}  // namespace

Outcome Context::Open(const Arguments& arguments, Report* report) {
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = arguments.threads;
  options.limits = arguments.limits;
  if (arguments.limits.max_pixels) options.limits.max_work = UINT64_MAX;  // the user's own measure takes its place
  options.progress = Report::OnProgress;
  options.progress_user = report;
  options.log = Report::OnLog;
  options.log_user = report;
  nic_error error = {};
  if (nic_context_new(&options, &context_, &error) != NIC_OK) return Outcome::Library(error);
  return {};
}

bool Context::FindKnown(const std::string& name, uint32_t* id, std::string* known) const {
  nic_model_info model;
  nic_status status = NIC_OK;
  for (size_t i = 0; status != NIC_INVALID_ARGUMENT; ++i) {
    status = nic_context_model(context_, i, &model, nullptr);
    if (status != NIC_OK) continue;  // a package that cannot be used is no reason to stop
    if (name == model.name) {
      *id = model.id;
      return true;
    }
    *known += (known->empty() ? "" : ", ") + std::string(model.name);
  }
  return false;
}

Outcome Context::AddFile(const std::string& path, uint32_t* id) {
  InputFile file;
  std::vector<uint8_t> bytes;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(path));
  NIC_TOOLS_RETURN_IF_FAILED(file.ReadAll(kMaxPackageSize, &bytes));
  nic_error error = {};
  if (nic_context_add_model(context_, bytes.data(), bytes.size(), id, nullptr, &error) == NIC_OK) return {};
  // A broken package is no broken picture: for the user of a picture it is a model that is not to be had.
  return Outcome::Failure(kExitUnsupported, "cannot use the model", Outcome::Library(error).text());
}

Outcome Context::FindModel(const std::string& wanted, uint32_t* id) {
  std::string known;
  if (FindKnown(wanted, id, &known)) return {};
  if (wanted != "-" && access(wanted.c_str(), F_OK) == 0) return AddFile(wanted, id);
  return Outcome::Failure(kExitUnsupported, "model missing",
                          "no such file, and no model of this name; known: " + known);
}

}  // namespace nic::tools
