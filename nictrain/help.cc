#include "help.h"

namespace nic {
namespace {

constexpr char kProgram[] =
    R"(Usage: nictrain COMMAND [options]

Trains models with LibTorch, judges them, makes integers of them, and writes the
packages (.nicm) that nicenc and nicdec take with --model. Pictures are PNG,
JPEG or PNM files in a folder, or a pack.

Most used:
  nictrain pack photographs train.pack            pictures that load at once
  nictrain train nic-fast.conf --data train.pack  train from the start
  nictrain train nic-fast.conf --resume run       go on
  nictrain eval --checkpoint run --data kodak     how good it is
  nictrain export --checkpoint run --data train.pack --output own.nicm

Commands:
  train    train as a configuration says
  eval     rate and distortion of a checkpoint at every quality
  export   make a package of a checkpoint
  verify   hold a package against its checkpoint
  deblock  fit a package's filters across borders every 8 pixels
  preview  fit a package's networks for smaller pictures
  pack     write pictures into one file
  halve    store a checkpoint in half precision

'nictrain COMMAND --help' tells the options of each; nictrain(1) tells more.

General:
  -h, --help     show this help
      --version  show the version
)";

constexpr char kTrain[] =
    R"(Usage: nictrain train CONFIG [options]

Trains as the file CONFIG says, lines of 'key = value'. SIGINT and SIGTERM end
it with a checkpoint.

  --data PATH          pictures, in place of the configuration's
  --output DIR         where checkpoints and log go, in place of its own
  --init FILE          begin with the weights of this file
  --grow PATH          begin as a smaller network of this family computes
  --resume CHECKPOINT  go on from it, or from the last one in a folder
  --minutes N          end by the clock, the learning rate with it
  --threads N          1 to 1024 (default: one for each processor)
  --device cpu|cuda    where to compute (default: cpu)
)";

constexpr char kEval[] =
    R"(Usage: nictrain eval --checkpoint PATH --data PATH [options]

Prints bits for each pixel and PSNR at every quality, as CSV.

  --checkpoint PATH  the weights, or a folder of checkpoints
  --data PATH        pictures to judge by
  --anchors FILE     curves to tell a BD-rate against
  --curve NAME       which of them (default: pillow-jpeg-420)
  --threads N        1 to 1024 (default: one for each processor)
  --device cpu|cuda  where to compute (default: cpu)
)";

constexpr char kExport[] =
    R"(Usage: nictrain export --checkpoint PATH --data PATH --output FILE.nicm
                       [options]

Calibrates on pictures, makes integers, counts the tables of probabilities, and
writes a package.

  --checkpoint PATH    the weights, or a folder of checkpoints
  --data PATH          pictures to calibrate and count by
  --output FILE.nicm   the package
  --model NAME         its name (default: nic-fast)
  --id N               its number, where the name is not one that nic gives
  --version N          its version (default: 1)
  --notes FILE         a text that it carries
  --first-coded SCALE  latents of a lower index of scale are not coded
  --threads N          1 to 1024 (default: one for each processor)
)";

constexpr char kVerify[] =
    R"(Usage: nictrain verify --package FILE.nicm --checkpoint PATH --data PATH
                       [options]

Sees that the integers of a package give what its checkpoint gives, in rate and
distortion, without deblocking.

  --package FILE.nicm  the package
  --checkpoint PATH    the weights, or a folder of checkpoints
  --data PATH          pictures to compare by
  --limit N            take so many of them at most
  --threads N          1 to 1024 (default: one for each processor)
)";

constexpr char kPreview[] =
    R"(Usage: nictrain preview PACKAGE PICTURES... --output FILE.nicm [options]

Fits networks for pictures of 1/8 and 1/16 to the model of a package, and writes
the package with them. Every tenth picture is kept for judging.

  --output FILE.nicm  the package to write
  --kernel 1|3|5      side of what a sample is computed from, in latents
                      (default: 3)
  --rates N           at how many rates each picture is coded (default: 4)
  --limit N           take so many pictures at most
  --threads N         1 to 1024 (default: one for each processor)
)";

constexpr char kDeblock[] =
    R"(Usage: nictrain deblock PACKAGE PICTURES... --output FILE.nicm [options]

Fits filters across borders every 8 pixels to the model of a package, and
writes the package with them. Its digest changes: files made with PACKAGE go on
needing PACKAGE. Previews are fitted afterwards. Every tenth picture is kept for
judging.

  --output FILE.nicm  the package to write
  --limit N           take so many pictures at most
)";

constexpr char kPack[] =
    R"(Usage: nictrain pack FOLDER PACK

Writes the pictures of a folder into one file, which loads at once.
)";

constexpr char kHalve[] =
    R"(Usage: nictrain halve CHECKPOINT FILE

Stores a checkpoint's weights in half precision.
)";

}  // namespace

const char* FindHelp(const std::string& command) {
  if (command.empty()) return kProgram;
  if (command == "train") return kTrain;
  if (command == "eval") return kEval;
  if (command == "export") return kExport;
  if (command == "verify") return kVerify;
  if (command == "deblock") return kDeblock;
  if (command == "preview") return kPreview;
  if (command == "pack") return kPack;
  if (command == "halve") return kHalve;
  return nullptr;
}

}  // namespace nic
