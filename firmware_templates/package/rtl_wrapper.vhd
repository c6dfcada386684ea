-- The tagger @NAME@, version @VERSION@, with valid bits and a port for each element.
--
-- The edge that takes a jet (in_valid) is followed after exactly @LATENCY@ cycles by the edge that puts
-- out its answer (out_valid). A jet can be given at every cycle. rst clears the valid bits of all
-- jets on their way; the data need no reset.
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity @LABEL@ is@GENERIC@
    port (
        clk : in std_logic;
        rst : in std_logic;
        in_valid : in std_logic;
@INPUTS@
        out_valid : out std_logic;
@OUTPUTS@
    );
end entity @LABEL@;

architecture rtl of @LABEL@ is
    constant LATENCY : natural := @LATENCY@;

    signal valid : std_logic_vector(LATENCY downto 0);
    signal model_inp : std_logic_vector(@INPUT_BITS@ - 1 downto 0);
    signal model_out : std_logic_vector(@OUTPUT_BITS@ - 1 downto 0);
begin
@GIVEN@

    process (clk)
    begin
        if rising_edge(clk) then
            if rst = '1' then
                valid <= (others => '0');
            else
                valid <= valid(LATENCY - 1 downto 0) & in_valid;
            end if;
        end if;
    end process;

    network : entity work.@NETWORK@
        port map (clk => clk, model_inp => model_inp, model_out => model_out);

    out_valid <= valid(LATENCY);
@ANSWERS@
end architecture rtl;
