// The interface of hls4ml's emulators as a CMSSW package sees it, as far as a trial needs it.
#ifndef EMULATOR_H_
#define EMULATOR_H_

#include <any>
#include <memory>
#include <string>

namespace hls4mlEmulator {

class Model {
  public:
    virtual void prepare_input(std::any input) = 0;
    virtual void predict() = 0;
    virtual void read_result(std::any result) = 0;
    virtual ~Model() = default;
};

class ModelLoader {
  public:
    explicit ModelLoader(std::string name);
    std::shared_ptr<Model> load_model();

  private:
    std::string name_;
};

} // namespace hls4mlEmulator

#endif
