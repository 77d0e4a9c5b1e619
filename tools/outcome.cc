#include "tools/outcome.h"

#include <cerrno>
#include <cstring>

namespace nic::tools {
namespace {

// Words for the statuses that a user of the tools meets; the message of the error says the rest.
const char* Describe(nic_status status) {
  switch (status) {
    case NIC_NOT_NIC:
      return "not a .nic file";
    case NIC_MALFORMED:
      return "malformed file";
    case NIC_HEADER_DAMAGED:
      return "damaged header";
    case NIC_TRUNCATED:
      return "truncated file";
    case NIC_UNSUPPORTED_VERSION:
    case NIC_UNSUPPORTED_FEATURE:
      return "not supported";
    case NIC_MODEL_MISSING:
      return "model missing";
    case NIC_MODEL_MALFORMED:
      return "malformed model package";
    case NIC_MODEL_UNSAFE:
      return "unsafe model package";
    case NIC_MODEL_MISMATCH:
      return "wrong model";
    case NIC_LIMIT_PIXELS:
      return "too many pixels";
    case NIC_LIMIT_SIDE:
      return "side too long";
    case NIC_LIMIT_MEMORY:
      return "needs too much memory";
    case NIC_LIMIT_METADATA:
      return "too much metadata";
    case NIC_LIMIT_WORK:
      return "too small for its picture";
    case NIC_SLICE_DAMAGED:
      return "damaged picture";
    case NIC_OUT_OF_MEMORY:
      return "out of memory";
    default:
      return "";
  }
}

}  // namespace

int ExitStatusOf(nic_status status) {
  switch (nic_status_band(status)) {
    case 0:
      return kExitOk;
    case 100:
      return kExitUsage;
    case 200:
      return kExitMalformed;
    case 300:
      return kExitTruncated;
    case 400:
      return kExitUnsupported;
    case 500:
      return kExitLimit;
    case 600:
      return kExitDamaged;
    default:
      return kExitFailure;
  }
}

Outcome Outcome::Failure(int exit_status, const std::string& what, const std::string& why) {
  Outcome outcome;
  outcome.exit_status_ = exit_status;
  outcome.text_ = what.empty() || why.empty() ? what + why : what + ": " + why;
  return outcome;
}

Outcome Outcome::System(const std::string& what, int error_number) {
  if (error_number == EPIPE) return Failure(kExitFailure, "");
  return Failure(kExitFailure, what, std::strerror(error_number));
}

Outcome Outcome::Library(const nic_error& error) {
  if (error.status == NIC_OK) return {};
  std::string why = error.message;
  if (why.empty()) why = nic_status_name(error.status);
  if (error.offset != NIC_NO_OFFSET) why += " (at byte " + std::to_string(error.offset) + ")";
  if (error.status == NIC_LIMIT_WORK || error.status == NIC_LIMIT_PIXELS) why += "; --max-pixels allows it";
  if (error.status == NIC_LIMIT_MEMORY) why += "; --max-memory allows it";
  if (error.status == NIC_MODEL_MISSING || error.status == NIC_MODEL_MISMATCH) why += "; give it with --model";
  return Failure(ExitStatusOf(error.status), Describe(error.status), why);
}

Outcome Outcome::Advising(const std::string& what_to_do) const {
  Outcome outcome = *this;
  if (!text_.empty()) outcome.text_ += "; " + what_to_do;
  return outcome;
}

}  // namespace nic::tools
