library ieee;
use ieee.std_logic_1164.all;

-- Registers one behind the other, each free to lie in another SLR. The attributes keep a tool from
-- making one shift register of them, or none.
entity @TOP@_crossing is
    generic (
        WIDTH : positive := 1;
        STAGES : positive := 1
    );
    port (
        clk : in std_logic;
        d : in std_logic_vector(WIDTH - 1 downto 0);
        q : out std_logic_vector(WIDTH - 1 downto 0)
    );
end entity @TOP@_crossing;

architecture rtl of @TOP@_crossing is
    -- the lowest bits are what came in last
    signal chain : std_logic_vector(WIDTH * (STAGES + 1) - 1 downto 0);
    signal held : std_logic_vector(WIDTH * STAGES - 1 downto 0);
    attribute keep : string;
    attribute keep of held : signal is "true";
    attribute shreg_extract : string;
    attribute shreg_extract of held : signal is "no";
begin
    chain <= held & d;
    q <= chain(chain'high downto WIDTH * STAGES);

    process(clk) begin
        if rising_edge(clk) then
            held <= chain(WIDTH * STAGES - 1 downto 0);
        end if;
    end process;
end architecture rtl;
