// How far a long call has come, and whether its caller wants it stopped.
#pragma once

#include "base/status.h"

namespace nic {

// A part of a whole: reports 0 .. 1 of its own as begin .. end of the caller's.
class Progress {
 public:
  using Callback = int (*)(void* user, double fraction);

  Progress() = default;  // reports to nobody
  Progress(Callback callback, void* user) : callback_(callback), user_(user) {}

  Progress Part(double begin, double end) const {
    Progress part = *this;
    part.begin_ = begin_ + begin * (end_ - begin_);
    part.end_ = begin_ + end * (end_ - begin_);
    return part;
  }

  // NIC_CANCELLED if the caller says so.
  Status Report(double fraction) const {
    if (callback_ && callback_(user_, begin_ + fraction * (end_ - begin_)) != 0) {
      return Status::Error(NIC_CANCELLED, Status::kNoOffset, "stopped by the progress callback");
    }
    return {};
  }

 private:
  Callback callback_ = nullptr;
  void* user_ = nullptr;
  double begin_ = 0;
  double end_ = 1;
};

}  // namespace nic
