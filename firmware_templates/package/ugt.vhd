-- The tagger @NAME@, version @VERSION@, as a module of the global trigger.
--
-- Objects are taken at every clock. Decision and scores are there @CLOCKS@ after their objects, as of an
-- algorithm with @LATENCY@ register@PLURAL@ from its inputs to its outputs. There is no handshake.
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity @LABEL@_wrapper is
    generic (
        -- whether the scores are put out; they are zero in hardware
        sim_mode : boolean := false;
        -- integer of @SCORE@ from which on the decision is 1
        threshold : @KIND@ := @LEAST@
    );
    port (
        lhc_clk : in std_logic;
@INPUTS@
        decision : out std_logic;
@OUTPUTS@
    );
end entity @LABEL@_wrapper;

architecture rtl of @LABEL@_wrapper is
    signal model_inp : std_logic_vector(@INPUT_BITS@ - 1 downto 0);
    signal model_out : std_logic_vector(@OUTPUT_BITS@ - 1 downto 0);
begin
@GIVEN@

    network : entity work.@NETWORK@
        port map (clk => lhc_clk, model_inp => model_inp, model_out => model_out);

    decision <= '1' when @REACHED@ else '0';

    scores : if sim_mode generate
@ANSWERS@
    end generate scores;

    nothing : if not sim_mode generate
@NOTHING@
    end generate nothing;
end architecture rtl;
