// What came of an operation on a file: success, or what went wrong, why, and the exit status that this means.
#pragma once

#include <string>

#include "nic/nic.h"

namespace nic::tools {

// The exit statuses of the tools, as their manual pages list them.
enum ExitStatus {
  kExitOk = 0,
  kExitFailure = 1,
  kExitUsage = 2,
  kExitMalformed = 3,    // not a .nic file (or, for nicenc, not a picture), or one that breaks its format
  kExitTruncated = 4,    // ends too early
  kExitUnsupported = 5,  // valid, but this build or installation cannot do it
  kExitLimit = 6,        // larger than the limits allow
  kExitDamaged = 7,      // a slice is damaged
};

// The exit status that a status of libnic leads to.
int ExitStatusOf(nic_status status);

class [[nodiscard]] Outcome {
 public:
  Outcome() = default;  // success

  // A failure. `what` says what could not be done or what is wrong, `why` the reason; either may be empty.
  static Outcome Failure(int exit_status, const std::string& what, const std::string& why = "");
  // A failed system call. A closed pipe becomes a failure without words, because nobody is left to read them.
  static Outcome System(const std::string& what, int error_number);
  // What libnic reported; success for NIC_OK.
  static Outcome Library(const nic_error& error);

  // The same with what to do about it added; success stays as it is.
  Outcome Advising(const std::string& what_to_do) const;

  bool ok() const { return exit_status_ == kExitOk; }
  int exit_status() const { return exit_status_; }
  const std::string& text() const { return text_; }  // "what: why"; empty for success and for a closed pipe

 private:
  int exit_status_ = kExitOk;
  std::string text_;
};

}  // namespace nic::tools

// Returns from the calling function with the outcome of `expression` if that is a failure.
#define NIC_TOOLS_RETURN_IF_FAILED(expression)               \
  do {                                                       \
    ::nic::tools::Outcome nic_tools_outcome_ = (expression); \
    if (!nic_tools_outcome_.ok()) return nic_tools_outcome_; \
  } while (0)
