-- The tagger @NAME@, version @VERSION@, between the links of an EMP board, as mapping.toml says.
--
-- Every valid word of link @FIRST@ marks a jet. Its answer is there @CYCLES@ clocks later, with all flags of that
-- word; a clock without a jet gives words of zeros that are not valid.
library ieee;
use ieee.std_logic_1164.all;

use work.emp_data_types.all;

entity @LABEL@_emp is
    port (
        clk : in std_logic;
        d : in ldata(@LAST_IN@ downto 0);
        q : out ldata(@LAST_OUT@ downto 0)
    );
end entity @LABEL@_emp;

architecture rtl of @LABEL@_emp is
    constant LATENCY : natural := @LATENCY@;

    signal flags : ldata(LATENCY downto 0) := (others => LWORD_NULL);
    signal model_inp : std_logic_vector(@INPUT_BITS@ - 1 downto 0);
    signal model_out : std_logic_vector(@OUTPUT_BITS@ - 1 downto 0);
begin
@INPUTS@

    process (clk)
    begin
        if rising_edge(clk) then
            flags <= flags(LATENCY - 1 downto 0) & d(@FIRST@);
        end if;
    end process;

    network : entity work.@NETWORK@
        port map (clk => clk, model_inp => model_inp, model_out => model_out);

    process (flags(LATENCY), model_out)
        variable word : lword;
    begin
        word := flags(LATENCY);
        word.data := (others => '0');
        q <= (others => LWORD_NULL);
@WORDS@
        if word.valid = '1' then
@OUTPUTS@
        end if;
    end process;
end architecture rtl;
