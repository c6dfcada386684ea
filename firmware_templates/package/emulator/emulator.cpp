// Emulator of the tagger @NAME@, version @VERSION@, behind the interface of hls4ml's emulators.
#include <algorithm>
#include <any>

#include "NN/@LABEL@.h"
#include "emulator.h"

namespace hls4ml_@LABEL@ {

class @NAME@_emulator_v@VERSION@ : public hls4mlEmulator::Model {
  public:
    // takes a pointer to inputs_t@OR_INPUT@
    void prepare_input(std::any input) override {
@TAKE@        inputs_ = *std::any_cast<inputs_t *>(input);
    }

    void predict() override { @LABEL@(@CALL@); }

    // takes a pointer to results_t@OR_RESULT@
    void read_result(std::any result) override {
@GIVE@        *std::any_cast<results_t *>(result) = results_;
    }

  private:
    inputs_t inputs_{};
    results_t results_{};
};

} // namespace hls4ml_@LABEL@

extern "C" hls4mlEmulator::Model *create_model() {
    return new hls4ml_@LABEL@::@NAME@_emulator_v@VERSION@;
}

extern "C" void destroy_model(hls4mlEmulator::Model *model) { delete model; }
