-- Payload of an EMP board with the tagger @NAME@, version @VERSION@, alone. The ports are those of frameworks that
-- have SLinks; under another one, instantiate @LABEL@_emp in a payload of that one.
library ieee;
use ieee.std_logic_1164.all;

use work.ipbus.all;
use work.emp_data_types.all;
use work.emp_project_decl.all;
use work.emp_device_decl.all;
use work.emp_ttc_decl.all;
use work.emp_slink_types.all;

entity emp_payload is
    port (
        clk : in std_logic;
        rst : in std_logic;
        ipb_in : in ipb_wbus;
        ipb_out : out ipb_rbus;
        clk40 : in std_logic;
        clk_payload : in std_logic_vector(2 downto 0);
        rst_payload : in std_logic_vector(2 downto 0);
        clk_p : in std_logic;
        rst_loc : in std_logic_vector(N_REGION - 1 downto 0);
        clken_loc : in std_logic_vector(N_REGION - 1 downto 0);
        ctrs : in ttc_stuff_array;
        bc0 : out std_logic;
        d : in ldata(4 * N_REGION - 1 downto 0);
        q : out ldata(4 * N_REGION - 1 downto 0);
        gpio : out std_logic_vector(29 downto 0);
        gpio_en : out std_logic_vector(29 downto 0);
        slink_q : out slink_input_data_quad_array(SLINK_MAX_QUADS - 1 downto 0);
        backpressure : in std_logic_vector(SLINK_MAX_QUADS - 1 downto 0)
    );
end entity emp_payload;

architecture rtl of emp_payload is
begin
    ipb_out <= IPB_RBUS_NULL;
    bc0 <= '0';
    gpio <= (others => '0');
    gpio_en <= (others => '0');
    slink_q <= (others => SLINK_INPUT_DATA_ARRAY_NULL);

    tagger : entity work.@LABEL@_emp
        port map (clk => clk_p, d => d(@LAST_IN@ downto 0), q => q(@LAST_OUT@ downto 0));

    q(4 * N_REGION - 1 downto @LAST_OUT@ + 1) <= (others => LWORD_NULL);
end architecture rtl;
